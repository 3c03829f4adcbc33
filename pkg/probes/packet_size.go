package probes

import (
	"github.com/fitout-dev/fitout/pkg/probe"
)

var _ = register(Probe{
	Name: "packet-size", Where: InPods, Fields: []string{"timeout"}, NeedsPeer: true,
	Queries: Survey.packetSize,
	RestsOn: []dependency{networkFrom, networkTo},
})

// streamSize is that of an echo over TCP: many whole packets.
const streamSize = 64 << 10

func (s Survey) packetSize(probePlan) ([]podQuery, earlyVerdict) {
	return s.queriesTo(s.readyProbePods(probe.Peer), func(asker, to target) []podQuery {
		return []podQuery{
			{Task: probe.Task{Kind: probe.Echo, Network: "udp", Port: probe.EchoPort, Size: 1}, baseline: true},
			{Task: probe.Task{Kind: probe.Echo, Network: "udp", Port: probe.EchoPort}, group: "UDP " + pathGroup(asker, to)},
			{Task: probe.Task{Kind: probe.Echo, Network: "tcp", Port: probe.EchoPort, Size: streamSize}, group: "TCP " + pathGroup(asker, to)},
		}
	}), earlyVerdict{}
}
