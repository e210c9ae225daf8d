"""Who asks, and the sets of them that routes are for."""

EXPERTS = {"expert", "other expert"}
OWNER = {"manager", "administrator"}
MANAGERS = OWNER | {"other manager"}
STAFF = MANAGERS | {"analyst"}
ADMINISTRATOR = {"administrator"}
ANYBODY = STAFF | EXPERTS | {"anonymous"}
VISITORS = ["anonymous", "expert", "other expert", "manager", "other manager", "analyst", "administrator"]
