"""The ways out: mail (SMTP), SMS (the gateway of activation codes), a webhook to the city's app."""
