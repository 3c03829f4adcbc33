package main

import (
	"context"
	"io"
	"time"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func probeAgentCommand(streams genericiooptions.IOStreams) *cobra.Command {
	socket, timeout := agent.CiliumSocket, 15*time.Second
	c := &cobra.Command{
		Use: "agent", Short: "Ask the agent of Cilium on this node how it is, through its socket", Args: cobra.NoArgs,
		Long: `Agent prints the status of Cilium's agent on the node that this runs on, as cilium status does, behind bars, and below them the
verdict that fitout check would give on it. It needs no cluster and no API server, but the right to open the socket.`,
		Example: `  fitout probe agent
  fitout probe agent --socket /run/cilium/cilium.sock`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			status, err := agent.AskCilium(ctx, socket)
			if err != nil {
				return err
			}
			return printStatus(streams.Out, status)
		},
	}
	c.Flags().StringVar(&socket, "socket", socket, "the agent's socket")
	c.Flags().DurationVar(&timeout, "timeout", timeout, "how long an answer may take")
	return c
}

// printStatus prints what an agent says, and the verdict on it, which is the exit code.
func printStatus(w io.Writer, s agent.Status) error {
	verdict, detail := probes.JudgeAgent(s)
	for _, line := range printable.Lines(s.Text) {
		printable.Fprintf(w, "| %s\n", line)
	}
	if _, err := printable.Fprintf(w, "%s: %s\n", verdict, detail); err != nil {
		return err
	}
	return result((&report.Report{Verdict: verdict}).ExitCode())
}
