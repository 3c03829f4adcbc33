package agent

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cilium/cilium/api/v1/client/daemon"
	"github.com/cilium/cilium/pkg/client"
)

// CiliumSocket is where the agent of Cilium listens on its node.
const CiliumSocket = "/var/run/cilium/cilium.sock"

// AskCilium asks the agent of Cilium of the node that this runs on, through its socket. The error says that it did not
// answer.
func AskCilium(ctx context.Context, socket string) (Status, error) {
	c, err := client.NewClient("unix://" + socket)
	if err != nil {
		return Status{}, fmt.Errorf("%s: %w", socket, err)
	}
	answer, err := c.Daemon.GetHealthzContext(ctx, daemon.NewGetHealthzParamsWithTimeout(0)) // no other time than that of ctx
	if err != nil {
		return Status{}, fmt.Errorf("ask the agent of Cilium at %s: %w; run this as root on a node that it runs on, or name its socket", socket, err)
	}
	text, err := json.Marshal(answer.Payload)
	if err != nil {
		return Status{}, fmt.Errorf("the answer of the agent of Cilium at %s: %w", socket, err)
	}
	return Read("cilium", Subject{}, []Output{{Text: string(text)}}), nil // as its own command prints it
}
