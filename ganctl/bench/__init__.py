"""ganctl's loop measured against a bare one."""
