package fitout

// Intercepted is intercepted, for tests that know who answers.
var Intercepted = intercepted
