CREATE VIEW analytics.forecast_reliability AS
SELECT
    airport,
    source,
    lead_hours,
    date_trunc('month', hour_utc AT TIME ZONE 'UTC')::date AS month,
    element,
    threshold,
    probability,
    count(*) AS cases,
    count(*) FILTER (WHERE outcome IN ('hit', 'miss')) AS came_true
FROM pipeline.forecast_verification
WHERE part = 'prevailing' AND probability IS NOT NULL AND outcome <> 'missing'
GROUP BY 1, 2, 3, 4, 5, 6, 7;

COMMENT ON VIEW analytics.forecast_reliability IS 'How often what was forecast with a probability occurred: a row an airport, source, lead, month, element, threshold and probability.';
COMMENT ON COLUMN analytics.forecast_reliability.airport IS 'ICAO ident.';
COMMENT ON COLUMN analytics.forecast_reliability.source IS 'Source of the forecast, such as TAF.';
COMMENT ON COLUMN analytics.forecast_reliability.lead_hours IS 'How long before the hour the forecast was known, hours.';
COMMENT ON COLUMN analytics.forecast_reliability.month IS 'First day of the month of the observed hour, UTC.';
COMMENT ON COLUMN analytics.forecast_reliability.element IS 'ceiling, visibility, wind, crosswind or thunderstorm.';
COMMENT ON COLUMN analytics.forecast_reliability.threshold IS 'Feet, statute miles or knots; 0 for thunderstorm.';
COMMENT ON COLUMN analytics.forecast_reliability.probability IS 'Percent: 100 of a prevailing group, 50 of TEMPO, that of a PROB group, 0 of none.';
COMMENT ON COLUMN analytics.forecast_reliability.cases IS 'Hours that were forecast with it and observed.';
COMMENT ON COLUMN analytics.forecast_reliability.came_true IS 'Of these, the hours in which the event was observed.';

CREATE VIEW analytics.forecast_scores AS
WITH counted AS (
    SELECT
        airport,
        source,
        lead_hours,
        date_trunc('month', hour_utc AT TIME ZONE 'UTC')::date AS month,
        part,
        element,
        threshold,
        count(*) FILTER (WHERE outcome = 'hit') AS hits,
        count(*) FILTER (WHERE outcome = 'miss') AS misses,
        count(*) FILTER (WHERE outcome = 'false_alarm') AS false_alarms,
        count(*) FILTER (WHERE outcome = 'correct_negative') AS correct_negatives,
        count(*) FILTER (WHERE outcome = 'missing') AS missing,
        avg((probability / 100.0 - (outcome IN ('hit', 'miss'))::int) ^ 2)
            FILTER (WHERE part = 'prevailing' AND outcome <> 'missing') AS brier
    FROM pipeline.forecast_verification
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

COMMENT ON VIEW analytics.forecast_scores IS 'Scores of forecasts against METARs: a row an airport, source, lead, month, part, element and threshold. Add the counts up before you compare shares of several rows.';
COMMENT ON COLUMN analytics.forecast_scores.airport IS 'ICAO ident.';
COMMENT ON COLUMN analytics.forecast_scores.source IS 'Source of the forecast, such as TAF.';
COMMENT ON COLUMN analytics.forecast_scores.lead_hours IS 'How long before the hour the forecast was known, hours.';
COMMENT ON COLUMN analytics.forecast_scores.month IS 'First day of the month of the observed hour, UTC.';
COMMENT ON COLUMN analytics.forecast_scores.part IS 'Part of the forecast: prevailing, tempo or prob.';
COMMENT ON COLUMN analytics.forecast_scores.element IS 'ceiling, visibility, wind, crosswind or thunderstorm.';
COMMENT ON COLUMN analytics.forecast_scores.threshold IS 'Ceiling below it in feet, visibility below it in statute miles, wind beyond it in knots; 0 for thunderstorm.';
COMMENT ON COLUMN analytics.forecast_scores.hits IS 'Hours in which the event was forecast and observed.';
COMMENT ON COLUMN analytics.forecast_scores.misses IS 'Hours in which it was observed and not forecast.';
COMMENT ON COLUMN analytics.forecast_scores.false_alarms IS 'Hours in which it was forecast and not observed.';
COMMENT ON COLUMN analytics.forecast_scores.correct_negatives IS 'Hours in which it was neither forecast nor observed.';
COMMENT ON COLUMN analytics.forecast_scores.missing IS 'Hours whose forecast or observation lacks the element; in no score.';
COMMENT ON COLUMN analytics.forecast_scores.pod IS 'Probability of detection: of the events observed, the share that was forecast; null without any.';
COMMENT ON COLUMN analytics.forecast_scores.pod_low IS 'Lower end of its interval at 95 percent (Wilson).';
COMMENT ON COLUMN analytics.forecast_scores.pod_high IS 'Upper end of its interval at 95 percent (Wilson).';
COMMENT ON COLUMN analytics.forecast_scores.far IS 'False alarm ratio: of the events forecast, the share that was not observed; null without any.';
COMMENT ON COLUMN analytics.forecast_scores.far_low IS 'Lower end of its interval at 95 percent (Wilson).';
COMMENT ON COLUMN analytics.forecast_scores.far_high IS 'Upper end of its interval at 95 percent (Wilson).';
COMMENT ON COLUMN analytics.forecast_scores.csi IS 'Critical success index: hits, as a share of all events forecast or observed.';
COMMENT ON COLUMN analytics.forecast_scores.bias IS 'Events forecast for each one observed; null without any.';
COMMENT ON COLUMN analytics.forecast_scores.brier IS 'Brier score of the probabilities; 0 is perfect; null for other parts than the prevailing one.';

CREATE VIEW analytics.verdict_scores AS
SELECT
    date_trunc('month', partition_hour AT TIME ZONE 'UTC')::date AS month,
    training_level,
    lead_hours,
    verdict,
    observed,
    count(*) AS lessons
FROM pipeline.verdict_verification
GROUP BY 1, 2, 3, 4, 5;

COMMENT ON VIEW analytics.verdict_scores IS 'Verdicts beside what was observed: a row a month, level, lead, verdict and observed verdict.';
COMMENT ON COLUMN analytics.verdict_scores.month IS 'First day of the month in which the lessons ended, UTC.';
COMMENT ON COLUMN analytics.verdict_scores.training_level IS 'student_pilot, private_pilot or instrument_rated.';
COMMENT ON COLUMN analytics.verdict_scores.lead_hours IS 'How long before the hour of the start the verdict was given, hours.';
COMMENT ON COLUMN analytics.verdict_scores.verdict IS 'ok, watch, unknown or at_risk, by the forecast.';
COMMENT ON COLUMN analytics.verdict_scores.observed IS 'ok, watch, unknown or at_risk, by the METARs of the lesson''s hours; unknown is no pair.';
COMMENT ON COLUMN analytics.verdict_scores.lessons IS 'How many lessons.';
