"""The same calls against ``mlflow server`` and against us, with the real client and raw HTTP."""
