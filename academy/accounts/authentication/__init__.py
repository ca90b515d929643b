"""Authentication methods: password, code, single sign-on, second step, public screen."""
