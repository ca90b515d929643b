"""How somebody shows who they are: password, code, single sign-on, second step, public screen."""
