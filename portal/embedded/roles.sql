-- The portal's two logins and its database, created by a superuser, for the embedded server and for production alike:
--   PORTAL_OWNER_PASSWORD=... PORTAL_APP_PASSWORD=... psql --file=portal/embedded/roles.sql postgres
-- Running it again changes only the passwords. `--set=database=NAME` names another database. On a cluster it is run in the portal's
-- database, which has the extension already, so that all nodes get the logins (deploy/citus/README.md).
\set ON_ERROR_STOP on
\set QUIET on
\if :{?database}
\else
\set database portal
\endif
\getenv owner_password PORTAL_OWNER_PASSWORD
\getenv app_password PORTAL_APP_PASSWORD

-- A failing statement is written to the server's log; these contain passwords.
SET log_min_error_statement = panic;
SET log_statement = 'none';

SELECT 'CREATE ROLE ' || name
FROM unnest(ARRAY['portal_owner', 'portal_app']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

-- Migrates, owns every table, and creates one role per city.
ALTER ROLE portal_owner LOGIN NOSUPERUSER CREATEROLE CREATEDB NOREPLICATION PASSWORD :'owner_password';
-- The application: owns nothing, and has a city's rights only while it has taken that city's role.
ALTER ROLE portal_app LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOINHERIT PASSWORD :'app_password';

SELECT format('CREATE DATABASE %I OWNER portal_owner TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8''', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec

\connect :"database"
ALTER DATABASE :"database" OWNER TO portal_owner;
ALTER SCHEMA public OWNER TO portal_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- A session's temporary objects would be found before those that a function of the owner refers to.
REVOKE TEMPORARY ON DATABASE :"database" FROM PUBLIC;
