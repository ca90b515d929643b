"""The contest of a term's best lectures (优秀课程评比), and the signed note of its result for the personnel file."""
