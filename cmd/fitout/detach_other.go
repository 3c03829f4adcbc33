//go:build !unix

package main

import "os/exec"

// detach is for systems with sessions.
func detach(*exec.Cmd) {}
