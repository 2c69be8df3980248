-- A database as quimbot of commit 8e89bc8 wrote it: the tables of migration 0001, with data.
CREATE TABLE alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE classes (
    id text NOT NULL,
    instructor_id text NOT NULL,
    name text NOT NULL,
    made double precision NOT NULL
);
CREATE TABLE conversations (
    id text NOT NULL,
    person_id text NOT NULL,
    tutor text NOT NULL,
    topic text NOT NULL,
    title text NOT NULL,
    outside_id text,
    began double precision NOT NULL,
    changed double precision NOT NULL
);
CREATE TABLE events (
    id bigint NOT NULL,
    person_id text NOT NULL,
    conversation_id text NOT NULL,
    turn_id bigint,
    event text NOT NULL
);
CREATE SEQUENCE events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE events_id_seq OWNED BY events.id;
CREATE TABLE invitations (
    hash text NOT NULL,
    role text NOT NULL,
    maker_id text,
    class_id text,
    person_id text,
    uses integer NOT NULL,
    expires double precision NOT NULL
);
CREATE TABLE keys (
    id text NOT NULL,
    person_id text NOT NULL,
    name text NOT NULL,
    start text NOT NULL,
    hash text NOT NULL,
    made double precision NOT NULL,
    used double precision
);
CREATE TABLE members (
    class_id text NOT NULL,
    person_id text NOT NULL,
    joined double precision NOT NULL
);
CREATE TABLE people (
    id text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    profile text NOT NULL,
    language text NOT NULL,
    consent boolean NOT NULL,
    outside_id text,
    made double precision NOT NULL
);
CREATE TABLE readings (
    id bigint NOT NULL,
    person_id text NOT NULL,
    reader_id text,
    conversation_id text,
    at double precision NOT NULL
);
CREATE SEQUENCE readings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE readings_id_seq OWNED BY readings.id;
CREATE TABLE sessions (
    hash text NOT NULL,
    person_id text NOT NULL,
    made double precision NOT NULL,
    expires double precision NOT NULL
);
CREATE TABLE turns (
    id bigint NOT NULL,
    conversation_id text NOT NULL,
    role text NOT NULL,
    text text NOT NULL,
    state text NOT NULL,
    at double precision NOT NULL
);
CREATE SEQUENCE turns_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE turns_id_seq OWNED BY turns.id;
ALTER TABLE ONLY events ALTER COLUMN id SET DEFAULT nextval('events_id_seq'::regclass);
ALTER TABLE ONLY readings ALTER COLUMN id SET DEFAULT nextval('readings_id_seq'::regclass);
ALTER TABLE ONLY turns ALTER COLUMN id SET DEFAULT nextval('turns_id_seq'::regclass);
INSERT INTO alembic_version VALUES ('0001');
INSERT INTO classes VALUES ('h1fBLr-aO3cv2fn3CgmugA', 'YtKipdBfOtVtRPlSXbilVA', 'ENG 2100', 1790000300);
INSERT INTO conversations VALUES ('9JifBWcyFSWI1Dv3N-mRQA', 'mHRAE7-3ahQiX85GM1uv0g', 'tutor', 'food', 'Mi día 早 🙂', NULL, 1790000600, 1790000840);
INSERT INTO events VALUES (1, 'mHRAE7-3ahQiX85GM1uv0g', '9JifBWcyFSWI1Dv3N-mRQA', 2, '{"type":"began","at":1790000720.0}');
INSERT INTO events VALUES (2, 'mHRAE7-3ahQiX85GM1uv0g', '9JifBWcyFSWI1Dv3N-mRQA', 2, '{"type":"noticed","at":1790000720.0,"kind":"tense","wrong":"go","right":"went","said":"Yesterday I go to the market.","correction":"Yesterday I went to the market."}');
INSERT INTO events VALUES (3, 'mHRAE7-3ahQiX85GM1uv0g', '9JifBWcyFSWI1Dv3N-mRQA', 2, '{"type":"moved","at":1790000720.0,"kind":"tense","level":1,"reason":"tense is new.","fell_back":false}');
INSERT INTO events VALUES (4, 'mHRAE7-3ahQiX85GM1uv0g', '9JifBWcyFSWI1Dv3N-mRQA', 4, '{"type":"took-up","at":1790000840.0,"kind":"tense","outcome":"repair"}');
INSERT INTO events VALUES (5, 'mHRAE7-3ahQiX85GM1uv0g', '9JifBWcyFSWI1Dv3N-mRQA', 4, '{"type":"used","at":1790000840.0,"kind":"agreement","words":"she likes"}');
INSERT INTO events VALUES (6, 'mHRAE7-3ahQiX85GM1uv0g', '9JifBWcyFSWI1Dv3N-mRQA', 4, '{"type":"moved","at":1790000840.0,"kind":null,"level":0,"reason":"No error was noticed in this turn.","fell_back":false}');
INSERT INTO events VALUES (7, 'mHRAE7-3ahQiX85GM1uv0g', '9JifBWcyFSWI1Dv3N-mRQA', 4, '{"type":"disputed","at":1790000841.0,"noticed_at":1.0,"kind":"article","wrong":"a"}');
INSERT INTO invitations VALUES ('5213d80c735c8b03657ed8f8b0037a3f3fa9e0334586c47b587dbb15bdcf95d9', 'learner', 'YtKipdBfOtVtRPlSXbilVA', 'h1fBLr-aO3cv2fn3CgmugA', NULL, 1, 9000000000);
INSERT INTO keys VALUES ('ggYxXxgcGK6nMsL3uqzBlQ', 'mHRAE7-3ahQiX85GM1uv0g', 'Open WebUI', 'qb_Utt3', 'dc67f1951f64e77263827a8346f0039f4e095fcc4be6059d83d56875fac19615', 1790000420, NULL);
INSERT INTO members VALUES ('h1fBLr-aO3cv2fn3CgmugA', 'mHRAE7-3ahQiX85GM1uv0g', 1790000360);
INSERT INTO people VALUES ('mHRAE7-3ahQiX85GM1uv0g', 'Ana', 'learner', '{"l1":"es","level":"B1","cap":3}', 'es', true, NULL, 1790000060);
INSERT INTO people VALUES ('YtKipdBfOtVtRPlSXbilVA', 'Tea', 'instructor', '{"l1":"","level":"","cap":2}', '', false, NULL, 1790000120);
INSERT INTO people VALUES ('4AB8HmLU0pCSP_UXipvteQ', '', 'owner', '{"l1":"","level":"","cap":2}', '', false, 'local', 1790000180);
INSERT INTO people VALUES ('xfXSl6D2PGlkjlqU40dmZg', '', 'learner', '{"l1":"","level":"","cap":2}', '', false, 'open-webui:u1', 1790000240);
INSERT INTO readings VALUES (1, 'mHRAE7-3ahQiX85GM1uv0g', 'YtKipdBfOtVtRPlSXbilVA', '9JifBWcyFSWI1Dv3N-mRQA', 1790001020);
INSERT INTO readings VALUES (2, 'mHRAE7-3ahQiX85GM1uv0g', 'YtKipdBfOtVtRPlSXbilVA', NULL, 1790001080);
INSERT INTO sessions VALUES ('870488b6bcca8a8461ee12ee95308fa1452108637bfe4d9ed70082f87a47e850', 'mHRAE7-3ahQiX85GM1uv0g', 1790000480, 1797776480);
INSERT INTO turns VALUES (1, '9JifBWcyFSWI1Dv3N-mRQA', 'user', 'Yesterday I go to the market.', 'whole', 1790000660);
INSERT INTO turns VALUES (2, '9JifBWcyFSWI1Dv3N-mRQA', 'assistant', 'Oh, you went to the market?', 'whole', 1790000720);
INSERT INTO turns VALUES (3, '9JifBWcyFSWI1Dv3N-mRQA', 'user', 'Yes, I went there. She likes it.', 'whole', 1790000780);
INSERT INTO turns VALUES (4, '9JifBWcyFSWI1Dv3N-mRQA', 'assistant', 'What did you b', 'partial', 1790000840);
SELECT pg_catalog.setval('events_id_seq', 7, true);
SELECT pg_catalog.setval('readings_id_seq', 2, true);
SELECT pg_catalog.setval('turns_id_seq', 5, true);
ALTER TABLE ONLY alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY classes
    ADD CONSTRAINT classes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY conversations
    ADD CONSTRAINT conversations_person_id_outside_id_key UNIQUE (person_id, outside_id);
ALTER TABLE ONLY conversations
    ADD CONSTRAINT conversations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY keys
    ADD CONSTRAINT keys_hash_key UNIQUE (hash);
ALTER TABLE ONLY keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY members
    ADD CONSTRAINT members_pkey PRIMARY KEY (class_id, person_id);
ALTER TABLE ONLY people
    ADD CONSTRAINT people_outside_id_key UNIQUE (outside_id);
ALTER TABLE ONLY people
    ADD CONSTRAINT people_pkey PRIMARY KEY (id);
ALTER TABLE ONLY readings
    ADD CONSTRAINT readings_pkey PRIMARY KEY (id);
ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY turns
    ADD CONSTRAINT turns_pkey PRIMARY KEY (id);
CREATE INDEX ix_classes_instructor_id ON classes USING btree (instructor_id);
CREATE INDEX ix_conversations_person_id_changed ON conversations USING btree (person_id, changed);
CREATE INDEX ix_events_conversation_id ON events USING btree (conversation_id);
CREATE INDEX ix_events_person_id ON events USING btree (person_id);
CREATE INDEX ix_events_turn_id ON events USING btree (turn_id);
CREATE INDEX ix_invitations_class_id ON invitations USING btree (class_id);
CREATE INDEX ix_invitations_maker_id ON invitations USING btree (maker_id);
CREATE INDEX ix_invitations_person_id ON invitations USING btree (person_id);
CREATE INDEX ix_keys_person_id ON keys USING btree (person_id);
CREATE INDEX ix_members_person_id ON members USING btree (person_id);
CREATE INDEX ix_readings_conversation_id ON readings USING btree (conversation_id);
CREATE INDEX ix_readings_person_id ON readings USING btree (person_id);
CREATE INDEX ix_readings_reader_id ON readings USING btree (reader_id);
CREATE INDEX ix_sessions_person_id ON sessions USING btree (person_id);
CREATE INDEX ix_turns_conversation_id ON turns USING btree (conversation_id);
ALTER TABLE ONLY classes
    ADD CONSTRAINT classes_instructor_id_fkey FOREIGN KEY (instructor_id) REFERENCES people(id) ON DELETE CASCADE;
ALTER TABLE ONLY conversations
    ADD CONSTRAINT conversations_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id) ON DELETE CASCADE;
ALTER TABLE ONLY events
    ADD CONSTRAINT events_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY events
    ADD CONSTRAINT events_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id) ON DELETE CASCADE;
ALTER TABLE ONLY events
    ADD CONSTRAINT events_turn_id_fkey FOREIGN KEY (turn_id) REFERENCES turns(id) ON DELETE CASCADE;
ALTER TABLE ONLY invitations
    ADD CONSTRAINT invitations_class_id_fkey FOREIGN KEY (class_id) REFERENCES classes(id) ON DELETE CASCADE;
ALTER TABLE ONLY invitations
    ADD CONSTRAINT invitations_maker_id_fkey FOREIGN KEY (maker_id) REFERENCES people(id) ON DELETE CASCADE;
ALTER TABLE ONLY invitations
    ADD CONSTRAINT invitations_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id) ON DELETE CASCADE;
ALTER TABLE ONLY keys
    ADD CONSTRAINT keys_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id) ON DELETE CASCADE;
ALTER TABLE ONLY members
    ADD CONSTRAINT members_class_id_fkey FOREIGN KEY (class_id) REFERENCES classes(id) ON DELETE CASCADE;
ALTER TABLE ONLY members
    ADD CONSTRAINT members_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id) ON DELETE CASCADE;
ALTER TABLE ONLY readings
    ADD CONSTRAINT readings_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE SET NULL;
ALTER TABLE ONLY readings
    ADD CONSTRAINT readings_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id) ON DELETE CASCADE;
ALTER TABLE ONLY readings
    ADD CONSTRAINT readings_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES people(id) ON DELETE SET NULL;
ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id) ON DELETE CASCADE;
ALTER TABLE ONLY turns
    ADD CONSTRAINT turns_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE;
