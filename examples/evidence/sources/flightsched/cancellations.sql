-- Cancelled lessons by the cause that the school states.
SELECT coalesce(cause, 'unknown') AS cause, count(*) AS lessons, sum(lesson_hours) AS hours
FROM analytics.cancellations
GROUP BY cause
ORDER BY lessons DESC, cause
