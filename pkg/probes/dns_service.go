package probes

var _ = register(Probe{
	Name: "dns-service", Where: InPods, Fields: []string{"timeout"}, Watch: true,
	Queries:   Survey.dnsService,
	RestsOn:   []dependency{probedObjects, serviceRouting, networkFrom, networkTo},
	PodsProbe: "dns-pods", ServiceProbe: "dns-service",
})

func (s Survey) dnsService(probePlan) ([]podQuery, earlyVerdict) {
	address, pods, wrong := s.dns()
	return s.queriesToOne("the cluster DNS", address, pods, lookups(s.ownName())...), wrong
}
