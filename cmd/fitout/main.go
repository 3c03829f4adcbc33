// Command fitout fits out Kubernetes clusters: it renders the addons that belong on a cluster's version, applies them in
// waves, and proves that the result works. It is also usable as kubectl fitout.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/klog/v2"
)

func main() { os.Exit(Main()) }

// Main runs the command with the arguments of the process and returns its exit code. Tests call it.
func Main() int {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // a third less CPU for 15 MB more: a run is short
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(160 << 20) // from there on garbage is collected as often as it takes: a cluster may be large
	}
	klog.SetLogger(klog.Logger{}) // client-go writes there what is an error here, or passes
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)                            // a second one ends the process, whatever still runs
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // a closed pipe is an error of the write, not the end of the run
	out, errOut := newStdout(os.Stdout), &stderr{os.Stderr}
	root := rootCommand(genericiooptions.IOStreams{In: os.Stdin, Out: out, ErrOut: errOut})
	root.PersistentPreRun = func(c *cobra.Command, _ []string) { endsAtOnce(c, errOut) }
	err := root.ExecuteContext(ctx)
	err = out.end(err)
	code := exitCode(err)
	var result resultError
	if err != nil && !errors.As(err, &result) {
		printErrors(errOut, err)
	}
	if ctx.Err() != nil && !errors.Is(err, errWatched) {
		fmt.Fprintln(errOut, "fitout: interrupted; run the same command again to go on where it stopped")
	}
	return code
}

// endsAtOnce lets the first signal end a command that reaches no cluster, whatever it is doing: nothing has begun there that would have
// to be brought to an end. What hears the signal has two seconds for it.
func endsAtOnce(c *cobra.Command, errOut io.Writer) {
	if c.Flags().Lookup("kubeconfig") != nil {
		return
	}
	context.AfterFunc(c.Context(), func() {
		time.Sleep(2 * time.Second)
		printable.Fprintln(errOut, "fitout: interrupted")
		os.Exit(report.ExitFailed)
	})
}

func rootCommand(streams genericiooptions.IOStreams) *cobra.Command {
	root := &cobra.Command{
		Use:   "fitout",
		Short: "Fit out a Kubernetes cluster: network, DNS, metrics, storage, ingress",
		Long: `Fitout knows, for each Kubernetes version, the exact set of addons that belongs on a cluster; renders it for
this cluster; applies it in waves; and proves that the result works.

Exit codes: 0 fitted out, 1 failed, 2 usage or invalid input (nothing was touched), 3 pending (no nodes yet),
4 degraded, 5 refused (a field belongs to another manager, a field cannot be changed, another run holds the lock, an upgrade
needs a decision).`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	if strings.HasPrefix(filepath.Base(os.Args[0]), "kubectl-") {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl fitout"}
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; %s --help lists the flags", err, c.CommandPath())}
	})
	root.AddCommand(upCommand(streams), adoptCommand(streams), planCommand(streams), upgradeCommand(streams), rollbackCommand(streams), renderCommand(streams), diffCommand(streams), applyCommand(streams),
		checkCommand(streams), uninstallCommand(streams), validateCommand(streams), bundlesCommand(streams), catalogueCommand(streams), bumpCommand(streams), goldenCommand(streams),
		footprintCommand(streams), imagesCommand(streams), packCommand(streams), pushCommand(streams), pullCommand(streams), signCommand(streams), verifyCommand(streams), sbomCommand(streams), jobCommand(streams), fleetCommand(streams), explainCommand(streams), rbacCommand(streams), probeCommand(streams), versionCommand(streams))
	remedyOfArguments(root)
	return root
}

// remedyOfArguments adds to cobra's complaints about the arguments of all commands where to read what they take.
func remedyOfArguments(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			if err == nil || !isCobraUsage(err) {
				return err
			}
			return usageError{fmt.Errorf("%s: %w; %s --help says what it takes", c.CommandPath(), err, c.CommandPath())}
		}
	}
	for _, inner := range c.Commands() {
		remedyOfArguments(inner)
	}
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// resultError is a run whose report says all there is to say; only its exit code is left to give.
type resultError struct{ code int }

func (e resultError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

func exitCode(err error) int {
	var faults strictyaml.Faults
	var usage usageError
	var result resultError
	var trouble troubleError
	var conflict *cluster.ConflictError
	var locked *cluster.LockedError
	var refused *fitout.RefusedError
	var held *fitout.HeldError
	switch {
	case err == nil:
		return report.ExitGood
	case errors.As(err, &result):
		return result.code
	case errors.As(err, &trouble):
		return exitTrouble
	case errors.As(err, &faults), errors.As(err, &usage), isCobraUsage(err):
		return report.ExitUsage
	case errors.As(err, &conflict), errors.As(err, &locked), errors.As(err, &refused), errors.As(err, &held):
		return report.ExitRefused
	}
	return report.ExitFailed
}

// isCobraUsage tells cobra's own errors about unknown commands and arguments, which have no type.
func isCobraUsage(err error) bool {
	for _, prefix := range []string{"unknown command", "accepts ", "requires at least", "unknown shorthand flag"} {
		if strings.HasPrefix(err.Error(), prefix) {
			return true
		}
	}
	return false
}
