-- Lessons below the minimums by the local hour of their start.
SELECT lesson_hour_local AS hour, airport, sum(lessons_threatened) AS threatened
FROM analytics.weather_loss
GROUP BY lesson_hour_local, airport
ORDER BY lesson_hour_local, airport
