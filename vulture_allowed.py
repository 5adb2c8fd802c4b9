"""Names that vulture finds unused and that are not, by who uses them; `make lint` reads this beside the code."""

# Commands, loaded by name when they are typed: cli/__init__.py.
_.assess_file, _.cancel, _.deliver, _.dev, _.doctor, _.init, _.preview, _.send_test, _.show_outbox, _.smoke, _.verify

# Called by Typer, http.server and Starlette.
_._imports, _.do_GET, _.log_message, _.redirect_slashes, _.background

# Called or read by Dagster, or named in dagster.yaml.
_.defs, _.handle_output, _.load_input, _.create_io_manager, _.create_resource, _.yield_for_execution
_.ComputeLogs, _.config_type, _.from_config_value, _.config_value, _.JsonLines
_.Storage, _._fetch_token, _.RunLauncher, _.supports_check_run_worker_health, _.check_run_worker_health
_.allow_retries, _.user_code_process_error_infos

# pydantic's hook for the sources of settings, and its names.
_.settings_customise_sources, _.file_secret_settings

# Reasons that a person chooses in Dagster's launchpad.
_.FORECAST_IMPROVES, _.FIELD_IS_BETTER, _.PART_OF_TRAINING, _.ON_THE_GROUND, _.FIELD, _.PEOPLE, _.OTHER
_.KNOWN, _.MAINTENANCE, _.PROVIDER, _.FALSE_ALARM

# The solver's parameters: OR-Tools.
_.num_workers, _.linearization_level, _.cp_model_presolve
_.max_deterministic_time, _.max_time_in_seconds

# Read by templates.
_.accept_url, _.confirm_url, _.valid_minutes, _.own_time, _.can_accept, _.known_at, _.cards, _.withdraw_until
_.curve, _.requests, _.last_success_utc, _.oldest_due_utc, _.last_good_hour_utc, _.forecasts_age_minutes

# Fields of rows and records that are written, read or compared whole, and a kind that a stored change may have.
_.session_id, _.prompt_version, _.heading_true_deg, _.CANCELLATION
_.megabytes_before, _.responses_waiting, _.runs_ended, _.seconds_each

# A command, loaded by its name.
_.cancellation

# Compared with the documentation by tests.
_.CASE_EVENTS, _.columns_as_markdown
