"""The weather clients without a server: sky, reports, folder, limiter."""
