// The camera of a gate's phone. If the browser cannot read QR codes, a library is loaded, and only then because it is large.

const LOOK_MS = 250;
// Numbers of frames. A code that was not visible for OUT_OF_SIGHT frames counts as shown again; one that stays visible is checked again
// after a minute. Reading a frame may fail, for example while the page is hidden; MOST_FAULTS failures in a row mean that there is no camera.
const OUT_OF_SIGHT = 8;
const A_MINUTE = 240;
const MOST_FAULTS = 20;

const byBrowser = async () => {
  if (!("BarcodeDetector" in window)) return null;
  if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return null;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async (video) => (await detector.detect(video))[0]?.rawValue ?? "";
};

const load = (address) =>
  new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });

const byLibrary = async ({ reader, wasm }) => {
  await load(reader);
  ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => wasm } });
  const canvas = document.createElement("canvas");
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    if (!canvas.width) return "";
    drawing.drawImage(video, 0, 0);
    const image = drawing.getImageData(0, 0, canvas.width, canvas.height);
    const [found] = await ZXingWASM.readBarcodes(image, { formats: ["QRCode"], maxNumberOfSymbols: 1 });
    return found?.text ?? "";
  };
};

const pause = () => new Promise((done) => setTimeout(done, LOOK_MS));

// Reads frames while the stream is active.
const watch = async (stream, read, check) => {
  let last = "";
  let [unseen, unchecked, faults] = [0, 0, 0];
  while (stream.active) {
    let text = "";
    try {
      text = await read();
      faults = 0;
    } catch (fault) {
      faults += 1;
      if (faults === MOST_FAULTS) throw fault;
    }
    const isShownAnew = text !== last || unseen >= OUT_OF_SIGHT || unchecked >= A_MINUTE;
    unseen = text === last ? 0 : unseen + 1;
    unchecked += 1;
    if (text && isShownAnew) {
      check(text);
      [last, unseen, unchecked] = [text, 0, 0];
    }
    await pause();
  }
  throw new Error("the camera was taken away");
};

const useCamera = async (button, check) => {
  const viewfinder = document.querySelector("#viewfinder");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  viewfinder.srcObject = stream;
  viewfinder.hidden = false;
  button.hidden = true;
  try {
    await viewfinder.play();
    const read = (await byBrowser()) ?? (await byLibrary(button.dataset));
    await watch(stream, () => read(viewfinder), check);
  } finally {
    // Show the button, so that the camera can be started again.
    for (const track of stream.getTracks()) track.stop();
    viewfinder.hidden = true;
    button.hidden = false;
  }
};

// ``tell`` reports that no camera can be used. The text field is available in any case.
export const offerCamera = (button, check, tell) => {
  if (!navigator.mediaDevices?.getUserMedia) return;
  button.hidden = false;
  button.addEventListener("click", () => useCamera(button, check).catch(tell));
};
