// Why something is no valid pass: one of the ten results, and why exactly where that is known.
export class Refusal extends Error {
  constructor(result, detail = "") {
    super(detail || result);
    this.result = result;
    this.detail = detail;
  }
}
