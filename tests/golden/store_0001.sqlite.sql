-- A database as quimbot of commit 8e89bc8 wrote it: the tables of migration 0001, with data.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE classes (
	id TEXT NOT NULL, 
	instructor_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	made DOUBLE NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(instructor_id) REFERENCES people (id) ON DELETE CASCADE
);
INSERT INTO "classes" VALUES('eHI0Mpi7Rp1_BIUF1Ra0-g','_ThnLFZczYYSV0YZKx1-Pg','ENG 2100',1790000300.0);
CREATE TABLE conversations (
	id TEXT NOT NULL, 
	person_id TEXT NOT NULL, 
	tutor TEXT NOT NULL, 
	topic TEXT NOT NULL, 
	title TEXT NOT NULL, 
	outside_id TEXT, 
	began DOUBLE NOT NULL, 
	changed DOUBLE NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (person_id, outside_id), 
	FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
);
INSERT INTO "conversations" VALUES('B11VFaEjphl-lXdWF0zUZw','KfG1UyLJ4icy3UAWynpMLA','tutor','food','Mi día 早 🙂',NULL,1790000600.0,1790000840.0);
CREATE TABLE events (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	person_id TEXT NOT NULL, 
	conversation_id TEXT NOT NULL, 
	turn_id INTEGER, 
	event TEXT NOT NULL, 
	FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE, 
	FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE, 
	FOREIGN KEY(turn_id) REFERENCES turns (id) ON DELETE CASCADE
);
INSERT INTO "events" VALUES(1,'KfG1UyLJ4icy3UAWynpMLA','B11VFaEjphl-lXdWF0zUZw',2,'{"type":"began","at":1790000720.0}');
INSERT INTO "events" VALUES(2,'KfG1UyLJ4icy3UAWynpMLA','B11VFaEjphl-lXdWF0zUZw',2,'{"type":"noticed","at":1790000720.0,"kind":"tense","wrong":"go","right":"went","said":"Yesterday I go to the market.","correction":"Yesterday I went to the market."}');
INSERT INTO "events" VALUES(3,'KfG1UyLJ4icy3UAWynpMLA','B11VFaEjphl-lXdWF0zUZw',2,'{"type":"moved","at":1790000720.0,"kind":"tense","level":1,"reason":"tense is new.","fell_back":false}');
INSERT INTO "events" VALUES(4,'KfG1UyLJ4icy3UAWynpMLA','B11VFaEjphl-lXdWF0zUZw',4,'{"type":"took-up","at":1790000840.0,"kind":"tense","outcome":"repair"}');
INSERT INTO "events" VALUES(5,'KfG1UyLJ4icy3UAWynpMLA','B11VFaEjphl-lXdWF0zUZw',4,'{"type":"used","at":1790000840.0,"kind":"agreement","words":"she likes"}');
INSERT INTO "events" VALUES(6,'KfG1UyLJ4icy3UAWynpMLA','B11VFaEjphl-lXdWF0zUZw',4,'{"type":"moved","at":1790000840.0,"kind":null,"level":0,"reason":"No error was noticed in this turn.","fell_back":false}');
INSERT INTO "events" VALUES(7,'KfG1UyLJ4icy3UAWynpMLA','B11VFaEjphl-lXdWF0zUZw',4,'{"type":"disputed","at":1790000841.0,"noticed_at":1.0,"kind":"article","wrong":"a"}');
CREATE TABLE invitations (
	hash TEXT NOT NULL, 
	role TEXT NOT NULL, 
	maker_id TEXT, 
	class_id TEXT, 
	person_id TEXT, 
	uses INTEGER NOT NULL, 
	expires DOUBLE NOT NULL, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(maker_id) REFERENCES people (id) ON DELETE CASCADE, 
	FOREIGN KEY(class_id) REFERENCES classes (id) ON DELETE CASCADE, 
	FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
);
INSERT INTO "invitations" VALUES('8c45a527c1b6db5e3c51a1ce0472886c451a1a83e3a5040403cc7fb50d8a26c7','learner','_ThnLFZczYYSV0YZKx1-Pg','eHI0Mpi7Rp1_BIUF1Ra0-g',NULL,1,9000000000.0);
CREATE TABLE keys (
	id TEXT NOT NULL, 
	person_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	start TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	made DOUBLE NOT NULL, 
	used DOUBLE, 
	PRIMARY KEY (id), 
	FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE, 
	UNIQUE (hash)
);
INSERT INTO "keys" VALUES('2i22pcopHZFeqeWjP0l5OA','KfG1UyLJ4icy3UAWynpMLA','Open WebUI','qb_Hcc8','91c56e03453f9680c7dd2a752ee1e52ccda769133ea331718c9d24924741bdfb',1790000420.0,NULL);
CREATE TABLE members (
	class_id TEXT NOT NULL, 
	person_id TEXT NOT NULL, 
	joined DOUBLE NOT NULL, 
	PRIMARY KEY (class_id, person_id), 
	FOREIGN KEY(class_id) REFERENCES classes (id) ON DELETE CASCADE, 
	FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
);
INSERT INTO "members" VALUES('eHI0Mpi7Rp1_BIUF1Ra0-g','KfG1UyLJ4icy3UAWynpMLA',1790000360.0);
CREATE TABLE people (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	profile TEXT NOT NULL, 
	language TEXT NOT NULL, 
	consent BOOLEAN NOT NULL, 
	outside_id TEXT, 
	made DOUBLE NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (outside_id)
);
INSERT INTO "people" VALUES('KfG1UyLJ4icy3UAWynpMLA','Ana','learner','{"l1":"es","level":"B1","cap":3}','es',1,NULL,1790000060.0);
INSERT INTO "people" VALUES('_ThnLFZczYYSV0YZKx1-Pg','Tea','instructor','{"l1":"","level":"","cap":2}','',0,NULL,1790000120.0);
INSERT INTO "people" VALUES('ICIAgjtSbvl1hJesmZ6MkQ','','owner','{"l1":"","level":"","cap":2}','',0,'local',1790000180.0);
INSERT INTO "people" VALUES('MdeactxtXUnXa-LmXVxLmg','','learner','{"l1":"","level":"","cap":2}','',0,'open-webui:u1',1790000240.0);
CREATE TABLE readings (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	person_id TEXT NOT NULL, 
	reader_id TEXT, 
	conversation_id TEXT, 
	at DOUBLE NOT NULL, 
	FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE, 
	FOREIGN KEY(reader_id) REFERENCES people (id) ON DELETE SET NULL, 
	FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE SET NULL
);
INSERT INTO "readings" VALUES(1,'KfG1UyLJ4icy3UAWynpMLA','_ThnLFZczYYSV0YZKx1-Pg','B11VFaEjphl-lXdWF0zUZw',1790001020.0);
INSERT INTO "readings" VALUES(2,'KfG1UyLJ4icy3UAWynpMLA','_ThnLFZczYYSV0YZKx1-Pg',NULL,1790001080.0);
CREATE TABLE sessions (
	hash TEXT NOT NULL, 
	person_id TEXT NOT NULL, 
	made DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
);
INSERT INTO "sessions" VALUES('e22ebd08419809faf3dcd9ae232b40d32f263c856ac1e7b3b1e248d52deddb8b','KfG1UyLJ4icy3UAWynpMLA',1790000480.0,1797776480.0);
CREATE TABLE turns (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	conversation_id TEXT NOT NULL, 
	role TEXT NOT NULL, 
	text TEXT NOT NULL, 
	state TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
);
INSERT INTO "turns" VALUES(1,'B11VFaEjphl-lXdWF0zUZw','user','Yesterday I go to the market.','whole',1790000660.0);
INSERT INTO "turns" VALUES(2,'B11VFaEjphl-lXdWF0zUZw','assistant','Oh, you went to the market?','whole',1790000720.0);
INSERT INTO "turns" VALUES(3,'B11VFaEjphl-lXdWF0zUZw','user','Yes, I went there. She likes it.','whole',1790000780.0);
INSERT INTO "turns" VALUES(4,'B11VFaEjphl-lXdWF0zUZw','assistant','What did you b','partial',1790000840.0);
CREATE INDEX ix_classes_instructor_id ON classes (instructor_id);
CREATE INDEX ix_members_person_id ON members (person_id);
CREATE INDEX ix_invitations_person_id ON invitations (person_id);
CREATE INDEX ix_invitations_maker_id ON invitations (maker_id);
CREATE INDEX ix_invitations_class_id ON invitations (class_id);
CREATE INDEX ix_sessions_person_id ON sessions (person_id);
CREATE INDEX ix_keys_person_id ON keys (person_id);
CREATE INDEX ix_conversations_person_id_changed ON conversations (person_id, changed);
CREATE INDEX ix_turns_conversation_id ON turns (conversation_id);
CREATE INDEX ix_events_person_id ON events (person_id);
CREATE INDEX ix_events_turn_id ON events (turn_id);
CREATE INDEX ix_events_conversation_id ON events (conversation_id);
CREATE INDEX ix_readings_conversation_id ON readings (conversation_id);
CREATE INDEX ix_readings_reader_id ON readings (reader_id);
CREATE INDEX ix_readings_person_id ON readings (person_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('turns',5);
INSERT INTO "sqlite_sequence" VALUES('events',7);
INSERT INTO "sqlite_sequence" VALUES('readings',2);
COMMIT;
