-- Bodies of calls, where the operator has them kept: beside the calls, so that those stay narrow.

CREATE TABLE call_bodies (
  call_id uuid CONSTRAINT call_bodies_pkey PRIMARY KEY,
  tenant_id uuid NOT NULL,
  -- The beginning, as it went over the caller's connection. Null where there was none.
  request bytea,
  -- Of the whole.
  request_bytes integer,
  response bytea,
  response_bytes integer
);
