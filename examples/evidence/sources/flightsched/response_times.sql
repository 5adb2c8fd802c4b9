-- Minutes from detection to acceptance and to confirmation, by level.
SELECT
    training_level,
    count(minutes_to_acceptance) AS accepted,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes_to_acceptance) AS median_minutes_to_acceptance,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes_to_confirmation) AS median_minutes_to_confirmation
FROM analytics.cases
GROUP BY training_level
ORDER BY training_level
