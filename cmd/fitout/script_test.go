package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"fitout":         main,
		"kubectl-fitout": main,
	})
}

// TestScript runs the scripts that need no cluster.
func TestScript(t *testing.T) {
	testscript.Run(t, scripts("../../testdata/script"))
}

func scripts(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup:               setCatalogue,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
		},
	}
}

// setCatalogue lets a script find the catalogue of the tests, testdata/catalogue, as $CATALOGUE.
func setCatalogue(env *testscript.Env) error {
	dir, err := filepath.Abs("../../testdata/catalogue")
	env.Setenv("CATALOGUE", dir)
	return err
}

// exits is the script command "exits CODE PROGRAM [ARGUMENT...]": it runs the program and wants that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENT...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%v: exit code %d, not %d", args[1:], got, want)
	}
}
