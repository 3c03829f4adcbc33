package parity

import (
	"cmp"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

func workload(f *facts, spec any, names *translation) {
	f.flatten("", without(spec, "selector", "template"))
	annotations := map[string]string{}
	for key, value := range without(field(spec, "template", "metadata", "annotations")) {
		annotations[key] = scalar(value)
	}
	f.annotations(annotations)
	pod(f, field(spec, "template", "spec"), names)
}

func pod(f *facts, spec any, names *translation) {
	if account := cmp.Or(text(spec, "serviceAccountName"), text(spec, "serviceAccount")); account != "" {
		f.set("serviceAccountName", names.name("ServiceAccount", account))
	}
	for _, t := range list(spec, "tolerations") {
		f.set("tolerates "+strings.Join(strings.Fields(strings.Join([]string{
			cmp.Or(text(t, "key"), "everything"), text(t, "value"), text(t, "effect"), text(t, "tolerationSeconds")}, " ")), " "), "")
	}
	sources := map[string]string{}
	for _, v := range list(spec, "volumes") {
		sources[text(v, "name")] = volume(f, v, names)
	}
	for _, c := range list(spec, "initContainers") {
		container(f.part(names.of("init container", text(c, "name"))), c, spec, sources, names)
	}
	for _, c := range list(spec, "containers") {
		container(f.part(names.of("container", text(c, "name"))), c, spec, sources, names)
	}
	f.flatten("securityContext", without(field(spec, "securityContext"), inherited...))
	f.flatten("", without(spec, "serviceAccountName", "serviceAccount", "tolerations", "volumes", "initContainers", "containers", "securityContext"))
}

// volume states a volume by its source, and returns it: the volume's own name counts only where it is all there is.
func volume(f *facts, v map[string]any, names *translation) string {
	kind, source := "emptyDir", any(nil)
	for key, inner := range without(v, "name") {
		kind, source = key, inner
	}
	id, rest := names.name("volume", text(v, "name")), without(source)
	switch kind {
	case "hostPath":
		id, rest = path.Clean(text(source, "path")), without(source, "path")
	case "configMap":
		id, rest = names.name("ConfigMap", text(source, "name")), without(source, "name")
	case "secret":
		id, rest = names.name("Secret", text(source, "secretName")), without(source, "secretName")
	}
	if text(rest, "defaultMode") == "420" { // 0644, the default
		delete(rest, "defaultMode")
	}
	f.part("volume "+kind+" "+id).flatten("", rest)
	return kind + " " + id
}

// inherited is what a container takes over from its pod's securityContext.
var inherited = []string{"appArmorProfile", "runAsGroup", "runAsNonRoot", "runAsUser", "seLinuxOptions", "seccompProfile"}

func container(f *facts, c map[string]any, pod any, sources map[string]string, names *translation) {
	image(f, c)
	f.arguments(expand(append(texts(c, "command"), texts(c, "args")...), list(c, "env")), names)
	ports := map[string]string{}
	for _, p := range list(c, "ports") {
		ports[text(p, "name")] = text(p, "containerPort")
		port(f, p, field(pod, "hostNetwork") == true)
	}
	for _, e := range list(c, "env") {
		f.set("env "+text(e, "name"), variable(e, names))
	}
	for _, e := range list(c, "envFrom") {
		if secret := text(e, "secretRef", "name"); secret != "" {
			f.set("envFrom "+names.of("Secret", secret), "")
		} else {
			f.set("envFrom "+names.of("ConfigMap", text(e, "configMapRef", "name")), "")
		}
	}
	for _, m := range list(c, "volumeMounts") {
		f.set("mount "+path.Clean(text(m, "mountPath")), mount(m, sources))
	}
	for _, kind := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
		if p := field(c, kind); p != nil {
			probe(f.part(kind), p, ports)
		}
	}
	for _, which := range []string{"requests", "limits"} {
		for name, quantity := range without(field(c, "resources", which)) {
			f.set("resources."+which+"."+name, canonical(scalar(quantity)))
		}
	}
	for _, which := range []string{"add", "drop"} {
		for _, capability := range texts(c, "securityContext", "capabilities", which) {
			f.set("securityContext.capabilities."+which+" "+strings.ToUpper(capability), "")
		}
	}
	f.flatten("securityContext", without(field(c, "securityContext"), "capabilities"))
	for _, name := range inherited {
		if field(c, "securityContext", name) == nil {
			f.flatten("securityContext."+name, field(pod, "securityContext", name))
		}
	}
	f.flatten("", without(c, "name", "image", "imagePullPolicy", "command", "args", "ports", "env", "envFrom", "volumeMounts",
		"livenessProbe", "readinessProbe", "startupProbe", "resources", "securityContext"))
}

// image states repository and tag, and the digest apart from them. The pull policy follows the tag where it is not given.
func image(f *facts, c map[string]any) {
	reference, digest, pinned := strings.Cut(text(c, "image"), "@")
	if first, _, _ := strings.Cut(reference, "/"); !strings.ContainsAny(first, ".:") || first == reference {
		reference = "docker.io/" + reference
	}
	f.set("image", strings.Replace(reference, "docker.io/library/", "docker.io/", 1))
	if pinned {
		f.set("image digest", digest)
	}
	policy := "IfNotPresent"
	if strings.HasSuffix(reference, ":latest") {
		policy = "Always"
	}
	if given := text(c, "imagePullPolicy"); given != "" && given != policy {
		f.set("imagePullPolicy", given)
	}
}

// expand replaces $(NAME) by the value that the container's env gives to it, as the kubelet does.
func expand(words []string, env []map[string]any) []string {
	var pairs []string
	for _, e := range env {
		if field(e, "valueFrom") == nil {
			pairs = append(pairs, "$("+text(e, "name")+")", text(e, "value"))
		}
	}
	expanded := make([]string, len(words))
	for i, word := range words {
		expanded[i] = strings.NewReplacer(pairs...).Replace(word)
	}
	return expanded
}

// arguments states a command line: each flag with its value, where none stands for true; and the words that belong to no flag,
// in their order.
func (f *facts) arguments(words []string, names *translation) {
	var rest []string
	values := map[string][]string{}
	for i := 0; i < len(words); i++ {
		flag, value, hasValue := strings.Cut(words[i], "=")
		if !strings.HasPrefix(words[i], "-") || strings.ContainsAny(flag, " \n") {
			rest = append(rest, words[i])
			continue
		}
		if !hasValue && i+1 < len(words) && !strings.HasPrefix(words[i+1], "-") {
			i++
			value, hasValue = words[i], true
		}
		if !hasValue {
			value = "true"
		}
		values[names.of("arg", flag)] = append(values[names.of("arg", flag)], value)
	}
	if len(rest) > 0 {
		f.set("command", strings.Join(rest, " "))
	}
	for flag, list := range values {
		if len(list) == 1 {
			f.set(flag, list[0])
			continue
		}
		for _, value := range list {
			f.set(flag+" "+clip(value), "")
		}
	}
}

func port(f *facts, p map[string]any, hostNetwork bool) {
	number := text(p, "containerPort")
	fact := f.part("port " + number + "/" + cmp.Or(text(p, "protocol"), "TCP"))
	fact.value = text(p, "name")
	if host := text(p, "hostPort"); host != "" && !hostNetwork {
		fact.set("hostPort", host)
	}
	fact.flatten("", without(p, "name", "containerPort", "protocol", "hostPort"))
}

// variable returns the value of an environment variable, or where it comes from.
func variable(e map[string]any, names *translation) string {
	from := field(e, "valueFrom")
	if from == nil {
		return text(e, "value")
	}
	for _, source := range []struct{ field, kind string }{{"configMapKeyRef", "ConfigMap"}, {"secretKeyRef", "Secret"}} {
		if ref := field(from, source.field); ref != nil {
			optional := map[bool]string{true: ", optional"}[field(ref, "optional") == true]
			return "key " + text(ref, "key") + " of " + names.of(source.kind, text(ref, "name")) + optional
		}
	}
	if path := text(from, "fieldRef", "fieldPath"); path != "" {
		return "field " + path
	}
	return scalar(from)
}

// mount says what is mounted, and how.
func mount(m map[string]any, sources map[string]string) string {
	words := []string{sources[text(m, "name")]}
	if sub := text(m, "subPath"); sub != "" {
		words = append(words, "subPath "+sub)
	}
	if field(m, "readOnly") == true {
		words = append(words, "read-only")
	}
	if propagation := text(m, "mountPropagation"); propagation != "None" {
		words = append(words, propagation)
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// probeDefaults are those of Kubernetes (pkg/apis/core/v1/defaults.go).
var probeDefaults = map[string]string{"initialDelaySeconds": "0", "timeoutSeconds": "1", "periodSeconds": "10", "successThreshold": "1", "failureThreshold": "3"}

func probe(f *facts, p any, ports map[string]string) {
	number := func(port string) string { return cmp.Or(ports[port], port) }
	switch {
	case field(p, "httpGet") != nil:
		get := field(p, "httpGet")
		f.value = strings.ToLower(cmp.Or(text(get, "scheme"), "HTTP")) + "://" + text(get, "host") + ":" + number(text(get, "port")) + cmp.Or(text(get, "path"), "/")
		for _, h := range list(get, "httpHeaders") {
			f.set("header "+text(h, "name"), text(h, "value"))
		}
	case field(p, "tcpSocket") != nil:
		f.value = "tcp://" + text(p, "tcpSocket", "host") + ":" + number(text(p, "tcpSocket", "port"))
	default:
		f.value = clip("exec " + strings.Join(texts(p, "exec", "command"), " "))
	}
	for name, def := range probeDefaults {
		if given := text(p, name); given != "" && given != def {
			f.set(name, given)
		}
	}
	f.flatten("", without(p, "httpGet", "tcpSocket", "exec", "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"))
}

// canonical prints a quantity in one way: 0.1 is 100m.
func canonical(quantity string) string {
	q, err := resource.ParseQuantity(quantity)
	if err != nil {
		return quantity
	}
	return q.String()
}
