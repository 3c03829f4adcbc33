package probes

var _ = register(Probe{
	Name: "dns-outside", Where: InPods, Fields: []string{"timeout"},
	Wanted:    func(e Environment) bool { return e.ExternalName != "" },
	Queries:   Survey.dnsOutside,
	RestsOn:   []dependency{probedObjects, serviceRouting, networkFrom, networkTo},
	PodsProbe: "dns-pods", ServiceProbe: "dns-service",
})

func (s Survey) dnsOutside(probePlan) ([]podQuery, earlyVerdict) {
	address, pods, wrong := s.dns()
	return s.queriesToOne(s.Environment.ExternalName+" at the cluster DNS", address, pods, lookups(s.Environment.ExternalName)...), wrong
}
