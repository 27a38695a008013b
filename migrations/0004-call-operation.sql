-- What a call asked for. Plain text like the other enumerations of this table.
ALTER TABLE calls ADD COLUMN operation text NOT NULL DEFAULT 'chat';

-- Chats are nearly all calls: the others are found by this, and a chat's row pays nothing for it.
CREATE INDEX calls_not_chat ON calls (tenant_id, operation, id) WHERE operation <> 'chat';
