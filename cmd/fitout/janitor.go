package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// dismissal is what a janitor is told when there is nothing left to clean up. Before that it is told the UID of the namespace,
// on a line, once there is one.
const dismissal = "done"

// startJanitor starts a process of its own session that removes a namespace when this process ends without dismissing it:
// after a SIGKILL nobody else could. It is given the same kubeconfig flags through its standard input: anybody on the
// machine can read command lines, and flags may hold a token. opened tells it the UID of the namespace.
func startJanitor(kube *genericclioptions.ConfigFlags, flags *pflag.FlagSet, namespace string) (opened func(types.UID), dismiss func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find the program that cleans up after probes: %w", err)
	}
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	registerKube(kube, own)
	args := []string{}
	flags.Visit(func(f *pflag.Flag) {
		if own.Lookup(f.Name) != nil {
			args = append(args, fmt.Sprintf("--%s=%s", f.Name, f.Value))
		}
	})
	janitor := exec.Command(self, "probe", "janitor", namespace)
	janitor.Args[0] = "fitout"
	detach(janitor)
	pipe, err := janitor.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := janitor.Start(); err != nil {
		return nil, nil, fmt.Errorf("start what cleans up after probes: %w; use --probe=never", err)
	}
	if err := json.NewEncoder(pipe).Encode(args); err != nil {
		return nil, nil, fmt.Errorf("tell what cleans up after probes how to connect: %w; use --probe=never", err)
	}
	opened = func(uid types.UID) {
		fmt.Fprintln(pipe, uid) //nolint:errcheck // without it the janitor looks at what is in the namespace
	}
	return opened, func() {
		io.WriteString(pipe, dismissal) //nolint:errcheck // a janitor that is gone has done its work
		pipe.Close()
		janitor.Wait() //nolint:errcheck
	}, nil
}

// janitorCommand reads kubeconfig flags from its standard input, and waits for the end of that, which is the end of the
// process that hired it.
func janitorCommand(streams genericiooptions.IOStreams) *cobra.Command {
	kube := genericclioptions.NewConfigFlags(true)
	var timeout time.Duration
	c := &cobra.Command{
		Use: "janitor NAMESPACE", Short: "Remove a namespace when standard input ends without a dismissal", Args: cobra.ExactArgs(1), Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			in := json.NewDecoder(streams.In)
			var given []string
			if err := in.Decode(&given); err != nil {
				return usageError{fmt.Errorf("standard input is not a list of kubeconfig flags: %w; fitout check starts this by itself", err)}
			}
			if err := c.Flags().Parse(given); err != nil {
				return err
			}
			told, err := io.ReadAll(io.MultiReader(in.Buffered(), streams.In))
			uid, rest, opened := strings.Cut(strings.TrimLeft(string(told), "\n"), "\n") // JSON ends with a line break of its own
			if !opened {
				uid, rest = "", uid
			}
			if err == nil && rest == dismissal {
				return nil
			}
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			return cleanUp(ctx, kube, args[0], types.UID(uid))
		},
	}
	registerKube(kube, c.Flags())
	c.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "how long to try")
	return c
}

// cleanUp removes a namespace, several times: a request of the process that was killed may still be on its way.
func cleanUp(ctx context.Context, kube *genericclioptions.ConfigFlags, namespace string, uid types.UID) error {
	config, err := restConfig(kube)
	if err != nil {
		return err
	}
	client, err := cluster.New(ctx, config, cluster.Options{})
	if err != nil {
		return err
	}
	for range 5 {
		if err := client.RemoveProbe(ctx, namespace, uid); err != nil {
			return err
		}
		time.Sleep(time.Second)
	}
	return nil
}
