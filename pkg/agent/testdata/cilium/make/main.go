// Command make prints what `cilium status -o json` prints of an agent that is in the state on standard input: it is built
// with the models of the agent's own release, which take of the state what they know, and marshal it as the agent does.
// README.md says how it is run.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/cilium/cilium/api/v1/models"
)

func main() {
	decoder := json.NewDecoder(os.Stdin)
	var status models.StatusResponse
	for decoder.More() { // the state, and changes of it
		if err := decoder.Decode(&status); err != nil {
			log.Fatal(err)
		}
	}
	text, err := json.MarshalIndent(&status, "", "  ")
	if err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(append(text, '\n'))
}
