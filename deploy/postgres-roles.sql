-- The roles of Longtide and its two databases. Run once, as a superuser, connected to any database:
--
--   psql -v ON_ERROR_STOP=1 -f deploy/postgres-roles.sql
--
-- Running it again changes nothing. Afterwards give each a password: \password longtide_owner, … _app, … _keys.
--
-- longtide_owner  owns the tables and runs migrations. BYPASSRLS, because the policies are FORCEd: without it a data
--                 migration would touch no row, and say nothing.
-- longtide_app    is what web and worker log in as. It owns nothing, may not change the schema, and every row it sees
--                 has passed the policy of its table.
-- longtide_keys   owns the other database, longtide_keys: the keys of sealed records. Web, worker and migrations reach
--                 it by LONGTIDE_KEYS. Not a table of `longtide`, because a dump of the data must hold no key.

SELECT 'CREATE ROLE longtide_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT BYPASSRLS'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'longtide_owner') \gexec
SELECT 'CREATE ROLE longtide_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOBYPASSRLS'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'longtide_app') \gexec
SELECT 'CREATE ROLE longtide_keys LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOBYPASSRLS'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'longtide_keys') \gexec
SELECT 'CREATE DATABASE longtide_keys OWNER longtide_keys ENCODING ''UTF8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'longtide_keys') \gexec
SELECT 'CREATE DATABASE longtide OWNER longtide_owner ENCODING ''UTF8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'longtide') \gexec

REVOKE ALL ON DATABASE longtide, longtide_keys FROM PUBLIC;
GRANT CONNECT ON DATABASE longtide TO longtide_app;

\connect longtide

-- For the constraints against double booking (equality and ranges in one index).
CREATE EXTENSION IF NOT EXISTS btree_gist;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO longtide_owner;
GRANT USAGE ON SCHEMA public TO longtide_app;

-- What the owner makes from now on, the application may read and write; never TRUNCATE, never REFERENCES or TRIGGER.
ALTER DEFAULT PRIVILEGES FOR ROLE longtide_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO longtide_app;
ALTER DEFAULT PRIVILEGES FOR ROLE longtide_owner IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO longtide_app;

-- A stuck session must not hold a calendar: no statement of a page takes this long.
ALTER ROLE longtide_app SET statement_timeout = '15s';
ALTER ROLE longtide_app SET idle_in_transaction_session_timeout = '30s';
