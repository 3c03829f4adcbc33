package bundle

import (
	"fmt"
	"time"
)

// A Probe is one trial of what an addon is for. Package check knows how each is made and judged.
type Probe struct {
	Name       string   `json:"name" required:"true" enum:"dns-service,dns-pods,dns-outside,pod-network,packet-size,service-network,api-server,network-policy,proxy-health,ingress-ports,ingress-route,node-metrics,node-conditions,storage-driver,storage-claim" doc:"which trial; docs/probes.md"`
	Proves     string   `json:"proves" required:"true" doc:"what is true where it is good"`
	Timeout    string   `json:"timeout" doc:"how long an answer may take, all tries together (5s), and with storage-claim each step; for trials that are made in pods"`
	Usually    string   `json:"usually" required:"true" doc:"what a failure usually means, and what to look at"`
	Class      string   `json:"class" doc:"ingress-route: the class of the Ingresses that the addon serves"`
	Conditions []string `json:"conditions" doc:"node-conditions: the conditions that each node has"`
	Driver     string   `json:"driver" doc:"storage-driver: the name of the CSI driver"`
}

// Deadline returns the timeout; 0 where there is none.
func (p Probe) Deadline() time.Duration {
	d, _ := time.ParseDuration(p.Timeout) // Load has refused what cannot be parsed
	return d
}

// verify checks what depends on the name: each trial has what it cannot be made without, and no more.
func (p Probe) verify() error {
	known := p.Name == "node-metrics" || p.Name == "node-conditions" || p.Name == "storage-driver"
	most := time.Minute
	if p.Name == "storage-claim" {
		most = 10 * time.Minute // a cloud moves a disk from one machine to another in minutes
	}
	d, err := time.ParseDuration(p.Timeout)
	switch {
	case known && p.Timeout != "":
		return fmt.Errorf("timeout is for trials that are made in pods; take it away")
	case !known && (err != nil || d < time.Second || d > most):
		return fmt.Errorf("timeout is %q; give a time from 1s to %.0fm", p.Timeout, most.Minutes())
	case (p.Name == "ingress-route") != (p.Class != ""):
		return fmt.Errorf("class belongs to ingress-route, and there it must be")
	case (p.Name == "node-conditions") != (len(p.Conditions) > 0):
		return fmt.Errorf("conditions belong to node-conditions, and there they must be")
	case (p.Name == "storage-driver") != (p.Driver != ""):
		return fmt.Errorf("driver belongs to storage-driver, and there it must be")
	}
	return nil
}
