CREATE OR REPLACE VIEW analytics.forecast_reliability AS
SELECT
    each.airport,
    source,
    lead_hours,
    date_trunc('month', hour_utc AT TIME ZONE 'UTC')::date AS month,
    element,
    threshold,
    probability,
    count(*) AS cases,
    count(*) FILTER (WHERE outcome IN ('hit', 'miss')) AS came_true
FROM pipeline.forecast_verification CROSS JOIN LATERAL unnest(airports) AS each (airport)
WHERE part = 'prevailing' AND probability IS NOT NULL AND outcome <> 'missing'
GROUP BY 1, 2, 3, 4, 5, 6, 7;

CREATE OR REPLACE VIEW analytics.forecast_scores AS
WITH by_outcome AS (
    SELECT
        each.airport,
        source,
        lead_hours,
        date_trunc('month', hour_utc AT TIME ZONE 'UTC')::date AS month,
        part,
        element,
        threshold,
        probability,
        outcome,
        count(*) AS cases
    FROM pipeline.forecast_verification CROSS JOIN LATERAL unnest(airports) AS each (airport)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
), counted AS (
    SELECT
        airport,
        source,
        lead_hours,
        month,
        part,
        element,
        threshold,
        coalesce(sum(cases) FILTER (WHERE outcome = 'hit'), 0)::bigint AS hits,
        coalesce(sum(cases) FILTER (WHERE outcome = 'miss'), 0)::bigint AS misses,
        coalesce(sum(cases) FILTER (WHERE outcome = 'false_alarm'), 0)::bigint AS false_alarms,
        coalesce(sum(cases) FILTER (WHERE outcome = 'correct_negative'), 0)::bigint AS correct_negatives,
        coalesce(sum(cases) FILTER (WHERE outcome = 'missing'), 0)::bigint AS missing,
        sum(cases * (probability / 100.0 - (outcome IN ('hit', 'miss'))::int) ^ 2) FILTER (WHERE of_brier)
            / sum(cases) FILTER (WHERE of_brier) AS brier
    FROM by_outcome
    CROSS JOIN LATERAL (
        VALUES (part = 'prevailing' AND outcome <> 'missing' AND probability IS NOT NULL)
    ) AS scored (of_brier)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT
    c.airport,
    c.source,
    c.lead_hours,
    c.month,
    c.part,
    c.element,
    c.threshold,
    c.hits,
    c.misses,
    c.false_alarms,
    c.correct_negatives,
    c.missing,
    pod.share AS pod,
    pod.low AS pod_low,
    pod.high AS pod_high,
    far.share AS far,
    far.low AS far_low,
    far.high AS far_high,
    csi.share AS csi,
    (c.hits + c.false_alarms)::double precision / nullif(c.hits + c.misses, 0) AS bias,
    c.brier::double precision AS brier
FROM counted c
CROSS JOIN LATERAL (VALUES (c.hits, c.hits + c.misses)) AS events (k, n)
CROSS JOIN LATERAL (VALUES (c.false_alarms, c.hits + c.false_alarms)) AS alarms (k, n)
CROSS JOIN LATERAL (
    SELECT events.k::double precision / nullif(events.n, 0) AS share,
        analytics.wilson(events.k, events.n, -1) AS low, analytics.wilson(events.k, events.n, 1) AS high
) AS pod
CROSS JOIN LATERAL (
    SELECT alarms.k::double precision / nullif(alarms.n, 0) AS share,
        analytics.wilson(alarms.k, alarms.n, -1) AS low, analytics.wilson(alarms.k, alarms.n, 1) AS high
) AS far
CROSS JOIN LATERAL (
    SELECT c.hits::double precision / nullif(c.hits + c.misses + c.false_alarms, 0) AS share
) AS csi;
