package fieldrules

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// probes checks probes and lifecycle hooks (apis/core/validation validateProbe, validateLifecycle).
func (c *checker) probes(o *corev1.Container, path *field.Path) {
	c.probe(o.LivenessProbe, true, path.Child("livenessProbe"))
	c.probe(o.ReadinessProbe, false, path.Child("readinessProbe"))
	c.probe(o.StartupProbe, true, path.Child("startupProbe"))
	if o.Lifecycle == nil {
		return
	}
	for name, hook := range map[string]*corev1.LifecycleHandler{"postStart": o.Lifecycle.PostStart, "preStop": o.Lifecycle.PreStop} {
		if hook != nil {
			at := path.Child("lifecycle", name)
			handlers := corev1.ProbeHandler{Exec: hook.Exec, HTTPGet: hook.HTTPGet, TCPSocket: hook.TCPSocket}
			if hook.Sleep == nil {
				c.handler(&handlers, at)
			} else if hook.Exec != nil || hook.HTTPGet != nil || hook.TCPSocket != nil {
				c.add(field.Forbidden(at.Child("sleep"), "keep one handler only"))
			}
		}
	}
}

// probe checks a probe. Only readiness may need more than one success.
func (c *checker) probe(p *corev1.Probe, once bool, path *field.Path) {
	if p == nil {
		return
	}
	c.handler(&p.ProbeHandler, path)
	for name, n := range map[string]int32{
		"initialDelaySeconds": p.InitialDelaySeconds, "timeoutSeconds": p.TimeoutSeconds, "periodSeconds": p.PeriodSeconds,
		"successThreshold": p.SuccessThreshold, "failureThreshold": p.FailureThreshold,
	} {
		c.nonNegative(int64(n), path.Child(name))
	}
	if once && p.SuccessThreshold > 1 { // 0 becomes 1
		c.add(field.Invalid(path.Child("successThreshold"), p.SuccessThreshold, "must be 1"))
	}
	if g := p.TerminationGracePeriodSeconds; g != nil {
		c.atLeast(*g, 1, path.Child("terminationGracePeriodSeconds"))
		if !once {
			c.add(field.Invalid(path.Child("terminationGracePeriodSeconds"), *g, "must not be set for readinessProbes"))
		}
	}
}

// handler wants exactly one way to probe (apis/core/validation validateHandler).
func (c *checker) handler(h *corev1.ProbeHandler, path *field.Path) {
	c.oneMember(h, path)
	if h.Exec != nil {
		c.require(len(h.Exec.Command) > 0, path.Child("exec", "command"), "")
	}
	if get := h.HTTPGet; get != nil {
		at := path.Child("httpGet")
		c.portOrName(get.Port, at.Child("port"))
		oneOf(c, get.Scheme, at.Child("scheme"), corev1.URISchemeHTTP, corev1.URISchemeHTTPS)
		for i, header := range get.HTTPHeaders {
			c.messages(at.Child("httpHeaders").Index(i).Child("name"), header.Name, utilvalidation.IsHTTPHeaderName(header.Name))
		}
	}
	if h.TCPSocket != nil {
		c.portOrName(h.TCPSocket.Port, path.Child("tcpSocket", "port"))
	}
	if h.GRPC != nil {
		c.port(h.GRPC.Port, path.Child("grpc", "port"))
	}
}

func (c *checker) portOrName(p intstr.IntOrString, path *field.Path) {
	if p.Type == intstr.Int {
		c.port(p.IntVal, path)
	} else {
		c.messages(path, p.StrVal, utilvalidation.IsValidPortName(p.StrVal))
	}
}
