-- Hours of lessons lost and moved, by the rule of the gravest breach.
SELECT coalesce(cause, 'not stored any more') AS cause, sum(hours_lost) AS hours_lost, sum(hours_moved) AS hours_moved
FROM analytics.weather_loss
GROUP BY cause
ORDER BY hours_lost DESC, cause
