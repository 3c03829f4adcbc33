package agent

import "regexp"

// noProgram is how runtimes say that a container lacks a program: runc and crun by what they could not execute, shells by
// exit code 127.
var noProgram = regexp.MustCompile(`executable file( .*)? not found|exec: .*: no such file or directory|stat .*: no such file or directory`)

// Lacks reports whether a command was not run since the container has no such program: whether its output or the error of
// running it says so. Some runtimes give an exit code, 126 or 127, and others none.
func Lacks(o Output, err error) bool {
	if err != nil {
		return noProgram.MatchString(err.Error())
	}
	return (o.Exit == 126 || o.Exit == 127) && noProgram.MatchString(all([]Output{o}))
}
