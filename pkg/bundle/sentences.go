package bundle

import "fmt"

// Probes are what trials prove, and what their failures usually mean, where an addon has no sentence of its own.
type Probes struct {
	APIVersion string     `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
	Kind       string     `json:"kind" required:"true" enum:"Probes" doc:"kind of this file"`
	Probes     []Sentence `json:"probes" required:"true" doc:"the sentences by trial"`
}

// A Sentence is what is said of a trial.
type Sentence struct {
	Name    string `json:"name" required:"true" doc:"which trial; docs/probes.md"`
	Proves  string `json:"proves" required:"true" doc:"what is true where it is good"`
	Usually string `json:"usually" required:"true" doc:"what a failure usually means, and what to look at"`
}

// loadSentences reads what a source says of trials; one without the file says nothing.
func (c *Catalogue) loadSentences(s Source) error {
	var p Probes
	if err := c.decodeShared(s, probesFile, &p); err != nil {
		return err
	}
	for _, sentence := range p.Probes {
		_, known := c.sentences[sentence.Name]
		c.sentences[sentence.Name] = sentence
		if s.Name != "" {
			c.note(s, "", "sentences of probe "+sentence.Name, known, nil)
		}
	}
	return nil
}

// complete gives the probes of an addon the sentences that it leaves to probes.yaml.
func (c *Catalogue) complete(a *Addon) []place {
	var wrong []place
	for i := range a.Probes {
		p := &a.Probes[i]
		common := c.sentences[p.Name]
		for _, field := range []struct {
			name, common string
			own          *string
		}{{"proves", common.Proves, &p.Proves}, {"usually", common.Usually, &p.Usually}} {
			if *field.own == "" {
				*field.own = field.common
			}
			if *field.own == "" {
				wrong = append(wrong, place{fmt.Sprintf("probes[%d].%s", i, field.name), fmt.Errorf("is missing, and %s says nothing of %s; add it", probesFile, p.Name)})
			}
		}
	}
	return wrong
}
