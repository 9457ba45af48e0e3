-- The roles and rights of one database. Run as superuser, connected to it; safe to run again.
-- gatehouse_owner migrates; gatehouse_app, which serves people, cannot change a table's shape.
-- Passwords are not set here: embedded mode trusts its socket, production sets them itself.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['gatehouse_owner', 'gatehouse_app'] LOOP
        BEGIN
            EXECUTE format(
                'CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS',
                role
            );
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- there already, perhaps made by a neighbour this moment
        END;
    END LOOP;

    EXECUTE format('ALTER DATABASE %I OWNER TO gatehouse_owner', current_database());
    -- No temporary tables for the app: one could stand in front of a real table in a function.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO gatehouse_app', current_database());
END
$$;

CREATE EXTENSION IF NOT EXISTS pg_trgm;

ALTER SCHEMA public OWNER TO gatehouse_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO gatehouse_app;

ALTER DEFAULT PRIVILEGES FOR ROLE gatehouse_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gatehouse_app;
ALTER DEFAULT PRIVILEGES FOR ROLE gatehouse_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO gatehouse_app;
