package probes

var _ = register(Probe{
	Name: "dns-pods", Where: InPods, Fields: []string{"timeout"},
	Queries:     Survey.dnsPods,
	WithoutPods: &Fallback{Queries: Survey.directDNS, Omits: "over TCP only"},
	RestsOn:     []dependency{probedObjects, networkFrom, networkTo},
})

// directDNS asks each DNS pod on its own loopback: a forwarded connection begins inside the pod.
func (s Survey) directDNS(probePlan) []DirectQuery {
	_, pods, _ := s.dns()
	var all []DirectQuery
	for _, p := range pods {
		if !s.isProbeNode(p.node) {
			continue // nothing runs there
		}
		all = append(all, DirectQuery{Task: lookup("tcp", s.ownName()), Transport: ByForward, Namespace: s.DNS.Namespace, Pod: p.name, Node: p.node, to: p.String()})
	}
	return all
}

func (s Survey) dnsPods(probePlan) ([]podQuery, earlyVerdict) {
	_, pods, wrong := s.dns()
	return s.queriesTo(pods, func(_, _ target) []podQuery { return lookups(s.ownName()) }), wrong
}
