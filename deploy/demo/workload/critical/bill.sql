-- A renewal, serializable, with an idempotency key: a retry that already went through charges
-- nobody twice.
\set listener random(1, 10000)
\set month random(1, 12)
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT melodyud.renew_subscription(:listener, 999, 'renewal-' || :listener || '-' || :month);
END;
