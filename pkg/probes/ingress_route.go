package probes

import (
	"cmp"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/probe"
)

var _ = register(Probe{
	Name: "ingress-route", Where: InPods, Fields: []string{"timeout", "class"},
	SetUp:   func(o *probe.Options, declared bundle.Probe) { o.IngressClass = cmp.Or(o.IngressClass, declared.Class) },
	Queries: Survey.ingressRoute,
	RestsOn: []dependency{probedObjects, networkTo, networkFrom},
})

func (s Survey) ingressRoute(t probePlan) ([]podQuery, earlyVerdict) {
	targets, idle := t.nodeTargets(s)
	return s.queriesTo(targets, func(_, _ target) []podQuery {
		return []podQuery{{Task: probe.Task{Kind: probe.HTTP, Port: 80, Host: s.Environment.Host, Status: 200}}}
	}), idle
}
