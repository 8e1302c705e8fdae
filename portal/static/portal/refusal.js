// Why something is not a valid pass: one of the ten results, and the exact reason if it is known.
export class Refusal extends Error {
  constructor(result, detail = "") {
    super(detail || result);
    this.result = result;
    this.detail = detail;
  }
}
