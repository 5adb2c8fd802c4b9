-- Lessons below the minimums, by the local day on which they were to start, and what became of them.
SELECT
    lesson_day_local AS day,
    airport,
    sum(lessons_threatened) AS threatened,
    sum(lessons_moved) AS moved,
    sum(lessons_lost) AS lost,
    sum(hours_lost) AS hours_lost
FROM analytics.weather_loss
GROUP BY lesson_day_local, airport
ORDER BY lesson_day_local, airport
