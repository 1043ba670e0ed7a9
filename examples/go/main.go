// Command request starts an erasure request from Go, follows it and decides about it. It needs no key and never sees an
// identifier in the clear: the input comes sealed from `erasure seal FILE --json`. docs/other-languages.md explains it.
package main

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
)

const usage = `usage:
  request start FILE                        FILE is what "erasure seal --json" printed, - is stdin
  request progress WORKFLOW-ID
  request decide WORKFLOW-ID UPDATE JSON    e.g. retryProvider
  request certificate WORKFLOW-ID           waits until the erasure is confirmed
  request result WORKFLOW-ID                waits until the run has ended, which may be after the person was told`

// An update and a query are answered by a worker: without one they would wait for as long as they may.
const answerWithin = 30 * time.Second

var errConflict = errors.New("is taken by another request, or by one that cannot be compared")

// start is what `erasure seal --json` prints.
type start struct {
	WorkflowID   string          `json:"workflowId"`
	WorkflowType string          `json:"workflowType"`
	TaskQueue    string          `json:"taskQueue"`
	Memo         map[string]any  `json:"memo"`
	Input        json.RawMessage `json:"input"`
}

// started is what this program prints of a start.
type started struct {
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	// Duplicate: the very same request was started before, and nothing was started now.
	Duplicate bool `json:"duplicate"`
}

// leg is how one provider stands. Fields that are absent are empty; the rest is in docs/other-languages.md.
type leg struct {
	Provider  string `json:"provider"`
	State     string `json:"state"`
	WaitsFor  string `json:"waitsFor"`
	Until     string `json:"until,omitempty"`
	YouCan    string `json:"youCan,omitempty"`
	Outcome   string `json:"outcome,omitempty"`
	Assurance string `json:"assurance,omitempty"`
	Attention *struct {
		Reason     string `json:"reason"`
		Since      string `json:"since"`
		TriesDaily bool   `json:"triesDaily"`
	} `json:"attention,omitempty"`
}

type progress struct {
	RequestID string `json:"requestId"`
	State     string `json:"state"`
	Legs      []leg  `json:"legs"`
}

type certified struct {
	WorkflowID string `json:"workflowId"`
	// Certificate is a compact JWS; `erasure verify` checks it offline.
	Certificate string `json:"certificate"`
}

type result struct {
	RequestID string `json:"requestId"`
	Outcome   string `json:"outcome"`
	Legs      []leg  `json:"legs"`
	// Certificate is a compact JWS; `erasure verify` checks it offline.
	Certificate string `json:"certificate"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	answer, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	printed := json.NewEncoder(os.Stdout)
	printed.SetIndent("", "  ")
	if err := printed.Encode(answer); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (any, error) {
	if len(args) < 2 || (args[0] == "decide") != (len(args) == 4) {
		return nil, errors.New(usage)
	}
	// The standard TEMPORAL_* settings, as for the erasure command.
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, err
	}
	warnings := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})
	options.Logger = log.NewStructuredLogger(slog.New(warnings))
	temporal, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, err
	}
	defer temporal.Close()

	switch args[0] {
	case "start":
		return startRequest(ctx, temporal, args[1])
	case "progress":
		return queryProgress(ctx, temporal, args[1])
	case "decide":
		return decide(ctx, temporal, args[1], args[2], args[3])
	case "certificate":
		return awaitCertificate(ctx, temporal, args[1])
	case "result":
		return awaitResult(ctx, temporal, args[1])
	default:
		return nil, errors.New(usage)
	}
}

func startRequest(ctx context.Context, temporal client.Client, file string) (*started, error) {
	sealed, err := readStart(file)
	if err != nil {
		return nil, err
	}
	run, err := temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:        sealed.WorkflowID,
		TaskQueue: sealed.TaskQueue,
		Memo:      sealed.Memo,
		// One request id is one run for good: without these, a run that has ended would be started again,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		// and Go's client would answer with the run there is, whatever it was started with.
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, sealed.WorkflowType, sealed.Input)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &already) {
		return recognise(ctx, temporal, sealed)
	}
	if err != nil {
		return nil, err
	}
	return &started{WorkflowID: run.GetID(), RunID: run.GetRunID()}, nil
}

// recognise tells a repetition from another request under the same id: sealing the same request file again gives other
// ciphertext, but the same fingerprint.
func recognise(ctx context.Context, temporal client.Client, sealed *start) (*started, error) {
	there, err := temporal.DescribeWorkflow(ctx, sealed.WorkflowID, "")
	if err != nil {
		return nil, err
	}
	var fingerprint string
	if there.Memo != nil && there.Memo.Fields["fingerprint"] != nil {
		if err := there.GetMemoValue("fingerprint", &fingerprint); err != nil {
			return nil, err
		}
	}
	if fingerprint == "" || sealed.Memo["fingerprint"] != fingerprint {
		return nil, fmt.Errorf("%s %w", sealed.WorkflowID, errConflict)
	}
	execution := there.WorkflowExecution
	return &started{WorkflowID: execution.ID, RunID: execution.RunID, Duplicate: true}, nil
}

func queryProgress(ctx context.Context, temporal client.Client, workflowID string) (*progress, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	answer, err := temporal.QueryWorkflow(ctx, workflowID, "", "progress")
	if err != nil {
		return nil, err
	}
	var now progress
	return &now, answer.Get(&now)
}

// decide resolves to what was decided about as it stands afterwards. A refusal is an error that says why.
func decide(ctx context.Context, temporal client.Client, workflowID, update, decision string) (json.RawMessage, error) {
	if !json.Valid([]byte(decision)) {
		return nil, errors.New("the decision is no JSON")
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	handle, err := temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   workflowID,
		UpdateName:   update,
		Args:         []any{json.RawMessage(decision)},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return nil, err
	}
	var after json.RawMessage
	err = handle.Get(ctx, &after)
	return after, err
}

// awaitCertificate sees every event when it comes, without a worker.
func awaitCertificate(ctx context.Context, temporal client.Client, workflowID string) (*certified, error) {
	signing := map[int64]bool{}
	events := temporal.GetWorkflowHistory(ctx, workflowID, "", true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, err
		}
		if event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == "issueCertificate" {
			signing[event.GetEventId()] = true
		}
		if completed := event.GetActivityTaskCompletedEventAttributes(); signing[completed.GetScheduledEventId()] {
			var packed string
			if err := converter.GetDefaultDataConverter().FromPayloads(completed.GetResult(), &packed); err != nil {
				return nil, err
			}
			return certifiedAs(workflowID, packed)
		}
		found, err := certifiedBeside(event.GetMarkerRecordedEventAttributes())
		if err != nil {
			return nil, err
		}
		if found != nil {
			return certifiedAs(workflowID, found.Certificate)
		}
	}
	return nil, fmt.Errorf("%s has ended without a certificate", workflowID)
}

// certifiedBeside reads a certificate that was signed beside the workflow, as nearly all are: then a marker has the answer.
func certifiedBeside(marker *history.MarkerRecordedEventAttributes) (*result, error) {
	signed, isThere := marker.GetDetails()["result"]
	if marker.GetMarkerName() != "core_local_activity" || !isThere {
		return nil, nil
	}
	var activity struct {
		Type string `json:"activity_type"`
	}
	decoder := converter.GetDefaultDataConverter()
	if err := decoder.FromPayloads(marker.GetDetails()["data"], &activity); err != nil || activity.Type != "certify" {
		return nil, err
	}
	found := new(result)
	return found, decoder.FromPayloads(signed, found)
}

func awaitResult(ctx context.Context, temporal client.Client, workflowID string) (*result, error) {
	var ended result
	if err := temporal.GetWorkflow(ctx, workflowID, "").Get(ctx, &ended); err != nil {
		return nil, err
	}
	signed, err := unpack(ended.Certificate)
	ended.Certificate = signed
	return &ended, err
}

func certifiedAs(workflowID, packed string) (*certified, error) {
	signed, err := unpack(packed)
	return &certified{WorkflowID: workflowID, Certificate: signed}, err
}

// unpack makes the compact JWS of a certificate: in a history its payload is deflated.
func unpack(certificate string) (string, error) {
	parts := strings.Split(certificate, ".")
	if parts[0] != "zip" || len(parts) != 4 {
		return certificate, nil
	}
	packed, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return "", err
	}
	payload, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		return "", err
	}
	return strings.Join([]string{parts[1], base64.RawURLEncoding.EncodeToString(payload), parts[3]}, "."), nil
}

func readStart(file string) (*start, error) {
	text, err := readAll(file)
	if err != nil {
		return nil, err
	}
	var sealed start
	if err := json.Unmarshal(text, &sealed); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if sealed.WorkflowID == "" || len(sealed.Input) == 0 {
		return nil, fmt.Errorf("%s is not what \"erasure seal --json\" prints", file)
	}
	return &sealed, nil
}

func readAll(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(file)
}
