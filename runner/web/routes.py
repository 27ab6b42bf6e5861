"""The routes of the page."""

from fitgap.runner.web.views import (
    actions,
    api,
    charts,
    compare,
    downloads,
    events,
    login,
    new_sweep,
    static,
    sweep,
    sweeps,
    trial,
)
from starlette.routing import Route

ROUTES = [
    Route("/", sweeps.sweeps_page),
    Route("/login", login.login_form, methods=["GET"]),
    Route("/login", login.log_in, methods=["POST"]),
    Route("/static/{name}", static.static_file),
    Route("/sweeps/latest", sweeps.latest_sweep),
    Route("/sweeps/{sweep}", sweep.sweep_page),
    Route("/sweeps/{sweep}/table", sweep.table_fragment),
    Route("/sweeps/{sweep}/compare", compare.compare_page),
    Route("/sweeps/{sweep}/answer", sweep.answer_page),
    Route("/sweeps/{sweep}/table.{ending}", downloads.table_file),
    Route("/sweeps/{sweep}/charts/{chart}", charts.sweep_chart),
    Route("/trials/{trial}", trial.trial_page),
    Route("/trials/{trial}/charts/{chart}", charts.trial_chart),
    Route("/trials/{trial}/epochs.{ending}", downloads.epochs_file),
    Route("/sweeps/{sweep}/delete", actions.delete_form, methods=["GET"]),
    Route("/sweeps/{sweep}/extend", actions.extend_form, methods=["GET"]),
    Route("/trials/{trial}/delete", actions.delete_form, methods=["GET"]),
    *(
        Route(f"/sweeps/{{sweep}}/{name}", actions.handler(change), methods=["POST"])
        for name, change in actions.SWEEP_ACTIONS.items()
    ),
    *(
        Route(f"/trials/{{trial}}/{name}", actions.handler(change), methods=["POST"])
        for name, change in actions.TRIAL_ACTIONS.items()
    ),
    Route("/new", new_sweep.new_form, methods=["GET"]),
    Route("/new/file", new_sweep.from_file, methods=["POST"]),
    Route("/new/form", new_sweep.from_form, methods=["POST"]),
    Route("/new/data", new_sweep.upload_data, methods=["POST"]),
    Route("/api/", api.api_page),
    Route("/api/openapi.json", api.openapi),
    Route("/api/sweeps", api.sweeps),
    Route("/api/sweeps/{sweep}", api.sweep),
    Route("/api/sweeps/{sweep}/trials", api.trials),
    Route("/api/sweeps/{sweep}/configurations", api.configurations),
    Route("/api/sweeps/{sweep}/compare", api.compare),
    Route("/api/sweeps/{sweep}/importance", api.importance),
    Route("/api/sweeps/{sweep}/diagnosis", api.diagnosis),
    Route("/api/sweeps/{sweep}/events", events.events),
    Route("/api/trials/{trial}", api.trial),
    Route("/api/trials/{trial}/epochs", api.epochs),
    Route("/api/trials/{trial}/events", events.trial_events),
    Route("/api/trials/{trial}/diagnosis", api.trial_diagnosis),
    Route("/api/{rest:path}", api.missing),
]
