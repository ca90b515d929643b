"""What members keep on their phones of a lecture: small sound with stills of the slides, the small film, pages."""
