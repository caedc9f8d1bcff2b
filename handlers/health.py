"""Whether the process lives, and whether it wants work. Open to everybody."""

from flask import Response, jsonify

from handlers.errors import answer_with
from transfer.admission import Admission
from transfer.readiness import Readiness


class HealthHandlers:
    """Neither calls a neighbour: strangers cannot make this service work."""

    def __init__(self, readiness: Readiness, admission: Admission) -> None:
        self._readiness = readiness
        self._admission = admission

    def get_health(self) -> Response:
        return jsonify({"status": "ok"})

    def get_readiness(self) -> Response:
        if self._admission.draining:
            return answer_with("DRAINING", "This instance is about to end.", 1)
        if self._readiness.starting:
            return answer_with("STARTING", "This instance is starting.", 1)
        return jsonify({"status": "ready", "checks": self._readiness.results})
