console.log("1");
