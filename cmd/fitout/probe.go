package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// probeCommand holds what fitout check runs inside a cluster.
func probeCommand(streams genericiooptions.IOStreams) *cobra.Command {
	c := &cobra.Command{
		Use: "probe", Short: "Try a network from where this runs",
		Long: `Probe is what fitout check runs in pods of a cluster: serve answers, run asks, watch
goes on asking. All also work by themselves. Agent asks the agent of the pod network on
the node that this runs on.`,
	}
	c.AddCommand(probeServeCommand(), probeRunCommand(streams), probeWatchCommand(streams), probeAgentCommand(streams), janitorCommand(streams))
	return c
}

func probeServeCommand() *cobra.Command {
	s := probe.Server{}
	c := &cobra.Command{
		Use: "serve", Short: "Answer probes: HTTP, and TCP and UDP echo", Args: cobra.NoArgs,
		Long: `Serve answers HTTP requests with a name, and sends back over TCP and UDP what begins with the word in the environment
variable FITOUT_PROBE_WORD; give run the same one. When its time is over it closes its ports and waits to be ended: a pod that
ended would be started again, and go on for ever.`,
		RunE: func(c *cobra.Command, _ []string) error {
			s.Word = os.Getenv(probe.WordVariable)
			return s.Serve(c.Context())
		},
	}
	c.Flags().StringSliceVar(&s.HTTP, "listen", []string{fmt.Sprintf(":%d", probe.HTTPPort)}, "addresses that answer HTTP")
	c.Flags().StringVar(&s.Echo, "echo", fmt.Sprintf(":%d", probe.EchoPort), "address that sends back what comes, over TCP and UDP")
	c.Flags().StringVar(&s.Name, "name", "fitout probe", "what is answered over HTTP")
	c.Flags().DurationVar(&s.For, "for", 10*time.Minute, "how long to answer")
	return c
}

func probeRunCommand(streams genericiooptions.IOStreams) *cobra.Command {
	return &cobra.Command{
		Use: "run", Short: "Carry out the tasks on standard input and print their results", Args: cobra.NoArgs,
		Long: `Run reads a JSON list of tasks, carries them all out at once, and prints a JSON list of results in the same order.`,
		Example: `  echo '[{"id":"dns","kind":"dns","network":"udp","address":"10.32.0.10","port":53,
    "name":"kubernetes.default.svc.cluster.local"}]' | fitout probe run`,
		RunE: func(c *cobra.Command, _ []string) error {
			var tasks []probe.Task
			if err := json.NewDecoder(streams.In).Decode(&tasks); err != nil {
				return usageError{fmt.Errorf("standard input is not a list of tasks: %w; give a JSON list", err)}
			}
			return printable.JSON(streams.Out, probe.Run(c.Context(), probe.WithWord(tasks, os.Getenv(probe.WordVariable))), "")
		},
	}
}

func probeWatchCommand(streams genericiooptions.IOStreams) *cobra.Command {
	return &cobra.Command{
		Use: "watch", Short: "Ask again and again, and print what is lost", Args: cobra.NoArgs,
		Long: `Watch reads a JSON object with tasks and a rate from standard input, asks each task at that rate until standard input
ends, and prints a line with the losses so far every second: requests sent and lost, and the longest time without an answer.`,
		Example: `  (echo '{"rate":10,"tasks":[{"id":"api","kind":"tcp","address":"10.32.0.1","port":443}]}'; sleep 60) | fitout probe watch`,
		RunE: func(c *cobra.Command, _ []string) error {
			var w probe.Watching
			input := json.NewDecoder(streams.In)
			if err := input.Decode(&w); err != nil {
				return usageError{fmt.Errorf("standard input is not a watch: %w; give a JSON object with tasks and rate", err)}
			}
			w.Tasks = probe.WithWord(w.Tasks, os.Getenv(probe.WordVariable))
			ctx, cancel := context.WithCancel(c.Context())
			defer cancel()
			go func() {
				defer cancel()
				io.Copy(io.Discard, io.MultiReader(input.Buffered(), streams.In)) //nolint:errcheck // any end is an end
			}()
			return probe.Watch(ctx, w, func(losses []probe.Loss) error { return printable.JSON(streams.Out, losses, "") })
		},
	}
}
